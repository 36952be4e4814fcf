"""The data-set check: do classes and metadata go together?"""
