"""Scripts for those who run and maintain the course; `make help` lists what calls them."""
