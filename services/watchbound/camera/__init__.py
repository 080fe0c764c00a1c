"""Sites: sources of pictures, sampled, watched over and published for as long as an authorisation covers the camera."""
