"""The tasks that networks are trained for."""
