"""What the model says of the paper's claims."""
