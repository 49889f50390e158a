"""What a worker process does with a scene: it is described, played and drawn, its frames encoded."""
