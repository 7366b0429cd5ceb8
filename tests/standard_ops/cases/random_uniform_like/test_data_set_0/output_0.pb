
JéCBFA5D…BQD9DÚ@öDBDmD