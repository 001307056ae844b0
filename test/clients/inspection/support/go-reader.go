// Reads layers as containerd and Docker unpack them: Go's compress/gzip, in it archive/tar to its end with the
// types of entries that they know, then what is left of the stream
// (https://github.com/containerd/containerd/blob/v2.2.0/pkg/archive/tar.go, https://github.com/moby/moby/blob/v28.5.2/pkg/archive).
// For each file that it is given it prints the path and, behind a tab, the error, or nothing.
package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

func main() {
	for _, name := range os.Args[1:] {
		if err := read(name); err != nil {
			fmt.Printf("%s\t%v\n", name, err)
		} else {
			fmt.Printf("%s\t\n", name)
		}
	}
}

func read(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()

	var layer io.Reader = bufio.NewReader(file)
	if magic, _ := layer.(*bufio.Reader).Peek(2); string(magic) == "\x1f\x8b" {
		if layer, err = gzip.NewReader(layer); err != nil {
			return err
		}
	}
	if err := readArchive(layer); err != nil {
		return fmt.Errorf("tar: %w", err)
	}
	_, err = io.Copy(io.Discard, layer)
	return err
}

func readArchive(layer io.Reader) error {
	archive := tar.NewReader(layer)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !isUnpacked(header) {
			return fmt.Errorf("unhandled tar header type %q", header.Typeflag)
		}
		if _, err := io.Copy(io.Discard, archive); err != nil {
			return err
		}
	}
}

// What is to be unpacked where the image's root is, is passed by.
func isUnpacked(header *tar.Header) bool {
	if path.Clean("/"+header.Name) == "/" {
		return true
	}
	return strings.ContainsRune("0123456g", rune(header.Typeflag))
}
