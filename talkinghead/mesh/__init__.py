"""The mesh room: a fitted face and its motion as 3D files that other programs animate."""
