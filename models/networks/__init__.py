"""Definitions of networks in torch, one architecture in each file."""
