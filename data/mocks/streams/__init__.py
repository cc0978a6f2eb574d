"""Mock patches of sky with stellar streams."""
