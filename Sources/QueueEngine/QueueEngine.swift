enum QueueEnginePlaceholder {}
