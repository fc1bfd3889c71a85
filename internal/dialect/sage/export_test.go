package sage

import "strings"

// RouteTable lists the routes of the dialect as "GET /{}/bulk", in their order.
func RouteTable() []string {
	var all []string
	for _, rt := range routes {
		path := ""
		for _, segment := range rt.pattern {
			if strings.HasPrefix(segment, "{") {
				segment = "{}"
			}
			path += "/" + segment
		}
		all = append(all, rt.method+" "+path)
	}
	return all
}
