"""How well a judge agrees with people, and the judges of a panel with each other."""
