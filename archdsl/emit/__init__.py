"""From the graph to Python source, written as a careful person would."""
