"""The studio under the load of many visitors."""
