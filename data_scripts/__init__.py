"""What makes or fetches the course's data: commands here, and below them the painters and archives.

`tasks` holds the one table of what there is; importing it imports nothing heavy.
"""
