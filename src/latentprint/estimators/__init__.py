"""Estimators of scikit-learn, with or without scikit-learn."""
