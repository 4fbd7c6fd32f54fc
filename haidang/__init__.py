"""The command `haidang`: starts the rooms, each in a process of its own, and the demo city that has all of them."""
