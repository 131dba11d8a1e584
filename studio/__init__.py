"""What a server keeps between requests: albums, jobs, previews, damage maps, downloads."""
