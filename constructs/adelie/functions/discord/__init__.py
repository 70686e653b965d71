"""Messages to a Discord channel: alarms from SNS (`handler`), and what the release scripts announce."""
