"""Many photographs: pair them with their results, restore each one alone, report."""
