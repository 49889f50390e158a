"""What scenes of this folder draw."""
