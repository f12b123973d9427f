//! The games of Phalanx and the program around them.
