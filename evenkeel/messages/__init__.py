"""What is said to advisers and clients, and how: templates, merge fields, charts, signed links. Nothing here sends."""
