"""How the networks in the box were made: damage, data, loops, export."""
