"""How figures are drawn, and nothing of what they show."""
