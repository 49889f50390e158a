"""What only the scenes of this part draw with."""
