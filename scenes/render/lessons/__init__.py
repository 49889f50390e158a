"""What is asked for: the command line's options, lesson files, the scenes chosen of them, data, words."""
