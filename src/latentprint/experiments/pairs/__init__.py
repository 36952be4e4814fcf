"""Near-duplicate pairs: do acquisition traces distract retrieval?"""
