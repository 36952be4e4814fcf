"""What a user asks for: from photos or embeddings on disk to a table of results and a report."""
