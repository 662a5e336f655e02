import assert from "node:assert/strict";
import { PortNews } from "./port_news.ts";

Deno.test("port news gives the number that was told of a port only while it is expected", () => {
  const news = new PortNews();
  assert.equal(news.told({ reason: "add", name: "vvport1", number: 1 }), false);
  assert.equal(news.numberOf("vvport1"), undefined);
  news.expect("vvport1");
  assert.equal(news.told({ reason: "add", name: "vvport1", number: 1 }), true);
  assert.equal(news.told({ reason: "add", name: "vvport2", number: 2 }), false);
  assert.equal(news.numberOf("vvport1"), 1);
  assert.deepEqual([...news.expected()], ["vvport1"]);
  news.forget("vvport1");
  assert.equal(news.numberOf("vvport1"), undefined);
});

Deno.test("port news takes back what it said when the port goes, or is asked for anew", () => {
  const news = new PortNews();
  news.expect("vvport1");
  news.told({ reason: "add", name: "vvport1", number: 1 });
  news.told({ reason: "delete", name: "vvport1", number: 1 });
  assert.equal(news.numberOf("vvport1"), undefined);
  news.told({ reason: "add", name: "vvport1", number: 7 });
  assert.equal(news.numberOf("vvport1"), 7);
  news.expect("vvport1");
  assert.equal(news.numberOf("vvport1"), undefined);
});

Deno.test("port news does not take the change of an earlier port of the name for the coming of the new one", () => {
  const news = new PortNews();
  news.expect("vvport1");
  assert.equal(news.told({ reason: "modify", name: "vvport1", number: 1 }), false);
  assert.equal(news.numberOf("vvport1"), undefined);
});
