"""What stands above the programme now, and how one shift hands it over to the next."""
