"""Which clips and runs there are and which are missing, told by digests; the media folder that keeps them."""
