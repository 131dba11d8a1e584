"""Our own definitions of networks, one file each; torch is imported only when one is built."""
