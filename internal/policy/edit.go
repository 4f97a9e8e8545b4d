package policy

import "errors"

func SetBaseline(data []byte, entries map[string]string) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
func PruneBaseline(data []byte, keep func(match string) bool) ([]byte, []string, error) {
	return nil, nil, errors.ErrUnsupported
}
func AddMark(data []byte, match string, m Mark) ([]byte, error) { return nil, errors.ErrUnsupported }
func SetSalt(data, salt []byte) ([]byte, error)                 { return nil, errors.ErrUnsupported }
