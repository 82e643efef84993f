"""What stores keep of their answers from question to question, as long as it holds."""
