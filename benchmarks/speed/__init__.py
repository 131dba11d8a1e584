"""How fast the studio is, and how much memory it takes."""
