"""Messages to people, from an outbox that is filled in the transaction of what they tell of."""
