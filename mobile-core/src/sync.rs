//! One round with the server.
