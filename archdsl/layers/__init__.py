"""The words of the language: layers, operations, losses, optimizers, schedules and draws."""
