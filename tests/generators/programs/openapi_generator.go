// Call the service with the client that openapi-generator made for Go: `… ADDRESS LIMITED KEY`.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	client "example.org/client"
)

func connect(address string) *client.APIClient {
	configuration := client.NewConfiguration()
	configuration.Servers = client.ServerConfigurations{{URL: address}}
	return client.NewAPIClient(configuration)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func problem(err error) client.Problem {
	return err.(*client.GenericOpenAPIError).Model().(client.Problem)
}

func ids(page *client.EventPage) []string {
	found := []string{}
	for _, event := range page.Data {
		found = append(found, event.Id)
	}
	return found
}

func main() {
	service, limited := connect(os.Args[1]), connect(os.Args[2])
	plain := context.Background()
	keyed := context.WithValue(plain, client.ContextAccessToken, os.Args[3])
	kinds := []client.EventKind{client.EVENTKIND_SHELLING, client.EVENTKIND_AIR_STRIKE}
	request := service.EventsAPI.ListEvents(plain).Kind(kinds).Limit(2)
	request = request.StartsAtGte(time.Date(2022, 2, 1, 0, 0, 0, 0, time.UTC))
	first, _, err := request.Execute()
	check(err)
	second, _, err := request.Cursor(*first.Page.NextCursor.Get()).Execute()
	check(err)
	_, _, missing := service.EventsAPI.GetEvent(plain, "evt_00000000000000000000000000").Execute()
	for call := 0; call < 4; call++ {
		limited.EventsAPI.ListEvents(plain).Limit(20).Execute()
	}
	_, _, refused := limited.EventsAPI.ListEvents(plain).Limit(20).Execute()
	file, _, err := service.EventsAPI.ExportEventsCsv(plain).Limit(2).Execute()
	check(err)
	content, err := io.ReadAll(file)
	check(err)
	me, _, err := service.AccessAPI.GetMe(keyed).Execute()
	check(err)
	answer, err := json.Marshal(map[string]any{
		"pages":   [][]string{ids(first), ids(second)},
		"missing": problem(missing).Code,
		"refused": []any{problem(refused).Code, problem(refused).RetryAfter, problem(refused).Limit},
		"file":    string(content[:11]),
		"plan":    me.Data.Plan.Name,
	})
	check(err)
	fmt.Println(string(answer))
}
