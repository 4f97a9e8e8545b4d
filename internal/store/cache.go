package store

import (
	"fmt"
	"time"
)

// CachedAnswer is a provider's list as it answered last, and its entity tag. The question names the request without credentials.
func (t *Tx) CachedAnswer(question string) (etag string, body []byte, ok bool, err error) {
	if ok, err = t.one("SELECT etag, body FROM answers WHERE question = $1", []any{text(question)}, &etag, &body); err == nil && ok {
		body, err = unpack(body)
	}
	if err != nil {
		return "", nil, false, fmt.Errorf("a kept answer: %w", err)
	}
	return etag, body, ok, nil
}

// PutAnswer keeps an answer in place of the one before.
func (t *Tx) PutAnswer(question, etag string, body []byte) error {
	packed, err := pack(body)
	if err == nil {
		_, err = t.exec(`INSERT INTO answers (question, etag, at, body) VALUES ($1, $2, $3, $4)
			ON CONFLICT (question) DO UPDATE SET etag = excluded.etag, at = excluded.at, body = excluded.body`, text(question), text(etag), stamp(t.s.now()), packed)
	}
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}

// PutInventory keeps an inventory, as it was read, in place of the one of that name.
func (t *Tx) PutInventory(name string, asOf time.Time, doc []byte) error {
	packed, err := pack(doc)
	if err == nil {
		_, err = t.exec("INSERT INTO inventories (name, as_of, body) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET as_of = excluded.as_of, body = excluded.body",
			text(name), stamp(asOf), packed)
	}
	if err != nil {
		return fmt.Errorf("keep inventory %s: %w", name, err)
	}
	return nil
}

// Inventories hands out what PutInventory kept, by name. An error of f ends it.
func (t *Tx) Inventories(f func(name string, asOf time.Time, doc []byte) error) error {
	return t.each(func(scan func(...any) error) error {
		var name string
		var asOf int64
		var body []byte
		if err := scan(&name, &asOf, &body); err != nil {
			return err
		}
		doc, err := unpack(body)
		if err != nil {
			return fmt.Errorf("inventory %s: %w", name, err)
		}
		return f(name, unstamp(asOf), doc)
	}, "SELECT name, as_of, body FROM inventories ORDER BY name")
}
