// Package layers holds no code. Its test reads the imports of every file of the module, for every operating system at once, and
// compares them with the table in layers_test.go: which package may import which.
package layers
