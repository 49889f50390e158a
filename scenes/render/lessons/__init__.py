"""What is asked for: lessons and their files, the command line's words, settings, the requests that come of them."""
