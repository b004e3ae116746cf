// How many sessions subscribe to a topic: the router knows, and tells when it changes.

export function countSubscribers(connection, topic, onchange) {
  let ours = null; // the id of the subscription

  async function count() {
    ours = await connection.call("wamp.subscription.lookup", [topic]);
    if (ours) onchange(await connection.call("wamp.subscription.count_subscribers", [ours]));
  }

  const recount = ([, subscription]) => {
    if (subscription === ours) count().catch(() => {});
  };
  connection.subscribe("wamp.subscription.on_subscribe", recount);
  connection.subscribe("wamp.subscription.on_unsubscribe", recount);
  connection.addEventListener("state", () => {
    if (connection.state.name === "joined") count().catch(() => {}); // it is no harm not to know
  });
}
