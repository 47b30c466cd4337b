// Unpacks a zip with Go's own archive/zip, which checks length and CRC of each file.
package main

import (
	"archive/zip"
	"io"
	"log"
	"os"
	"path/filepath"
)

func main() {
	archive, err := zip.OpenReader(os.Args[1])
	exitOn(err)
	for _, file := range archive.File {
		content, err := file.Open()
		exitOn(err)
		bytes, err := io.ReadAll(content)
		exitOn(err)
		path := filepath.Join(os.Args[2], file.Name)
		exitOn(os.MkdirAll(filepath.Dir(path), 0o755))
		exitOn(os.WriteFile(path, bytes, 0o644))
	}
}

func exitOn(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
