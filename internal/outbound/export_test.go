package outbound

import "context"

// DialOnly connects as a Client does, without what is checked before.
func DialOnly(g *Guard, address string) error {
	c, err := g.dial(context.Background(), "tcp", address)
	if err == nil {
		err = c.Close()
	}
	return err
}
