"""The two surfaces of the language, and the one tree that both are read to and written from."""
