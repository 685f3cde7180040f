// Every REST method of Corti's own SDK beside the agents against the double, printed as one JSON document.
// Variables: BASE (origin of the double).
import { CortiClient } from "@corti/sdk";

const { BASE } = process.env;
const client = new CortiClient({
  environment: { base: `${BASE}/v2`, agents: BASE, login: `${BASE}/realms`, wss: "ws://127.0.0.1/audio-bridge/v2" },
  tenantName: "base",
  auth: { clientId: "local-client", clientSecret: "local-secret" },
});
const { interactions, recordings, transcripts, facts, documents, templates, codes } = client;
const refusal = async (call) => {
  try {
    await call;
    return "no refusal";
  } catch (error) {
    return { name: error.constructor.name, status: error.statusCode, body: error.body };
  }
};

const encounter = {
  identifier: "visit-1",
  status: "planned",
  type: "first_consultation",
  period: { startedAt: new Date("2026-11-21T09:30:00Z") },
  title: "Ear ache",
};
const patient = { identifier: "p-1", name: "Anna Berg", gender: "female", birthDate: new Date("1980-04-02T00:00:00Z") };
const created = await interactions.create({ encounter, patient });
const id = created.interactionId;
const other = await interactions.create({ encounter: { ...encounter, identifier: "visit-2" } });
const listed = [];
for await (const item of await interactions.list({ pageSize: 1, direction: "asc", encounterStatus: ["planned", "on-hold"] })) {
  listed.push(item.encounter.identifier);
}

const audio = new Uint8Array([1, 2, 0, 255]);
const { recordingId } = await recordings.upload(audio, id);
const downloaded = [...new Uint8Array(await (await recordings.get(id, recordingId)).arrayBuffer())];
const transcript = await transcripts.create(id, {
  recordingId,
  primaryLanguage: "en",
  diarize: true,
  participants: [{ channel: 0, role: "doctor" }],
});
const status = [];
while (status.at(-1) !== "completed") status.push((await transcripts.getStatus(id, transcript.id)).status);

const added = (await facts.create(id, { facts: [{ text: "Smokes", group: "social", source: "user" }] })).facts;
const fact = await facts.update(id, added[0].id, { text: "Smokes daily" });
const batch = await facts.batchUpdate(id, { facts: [{ factId: fact.id, isDiscarded: true }] });

const context = [{ type: "facts", data: [{ text: fact.text, group: fact.group, source: fact.source }] }];
const document = await documents.create(id, { context, templateKey: "corti-brief", outputLanguage: "en", name: "Note" });
const assembled = await documents.create(id, {
  context: [
    { type: "transcript", data: { text: "Any allergies?", channel: 0 } },
    { type: "transcript", data: { text: "Penicillin." } },
  ],
  template: { sectionKeys: ["corti-allergies"] },
  outputLanguage: "en",
});

const result = {
  created: { id, url: created.websocketUrl },
  listed,
  got: await interactions.get(id),
  updated: (await interactions.update(id, { encounter: { status: "completed" } })).encounter,
  recordings: (await recordings.list(id)).recordings.length,
  downloaded,
  transcript,
  status,
  complete: await transcripts.get(id, transcript.id),
  transcripts: (await transcripts.list(id, { full: true })).transcripts,
  fact,
  discarded: batch.facts[0].isDiscarded,
  facts: (await facts.list(id)).facts.length,
  groups: (await facts.factGroupsList()).data,
  extracted: await facts.extract({ context: [{ type: "text", text: "Smokes." }], outputLanguage: "en" }),
  document,
  assembled: assembled.sections[0].text,
  renamed: (await documents.update(id, document.id, { name: "Better" })).name,
  document2: (await documents.get(id, document.id)).name,
  documents: (await documents.list(id)).data.length,
  templates: (await templates.list({ org: ["corti"], lang: "en", status: "published" })).data,
  template: (await templates.get("corti-brief")).key,
  sections: (await templates.sectionList({ org: "corti" })).data.map((section) => section.key),
  predicted: await codes.predict({
    system: ["icd10cm-outpatient"],
    context: [{ type: "text", text: "Allergic to penicillin" }],
    filter: { include: ["Z88"], exclude: [] },
  }),
  refusals: {
    missing: await refusal(interactions.get("11111111-1111-4111-8111-111111111111")),
    empty: await refusal(interactions.create({ encounter: { ...encounter, identifier: "" } })),
    status: await refusal(transcripts.getStatus(id, "11111111-1111-4111-8111-111111111111")),
  },
};
await documents.delete(id, document.id);
await transcripts.delete(id, transcript.id);
await recordings.delete(id, recordingId);
await interactions.delete(id);
await interactions.delete(other.interactionId);
result.left = (await interactions.list({})).data.length;
console.log(JSON.stringify(result));
