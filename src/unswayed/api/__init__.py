"""What `import unswayed as us` brings: runs and trainings made, read and compared from Python."""
