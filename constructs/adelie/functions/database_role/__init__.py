"""The application's role in the database: made, or made right, before each migration (`handler`)."""
