//! From a complete draft to a sealed visit.
