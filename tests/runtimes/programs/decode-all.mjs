/** Of each file: how many samples it has, and the sum of their squares. @param open gives an `AudioSource`. */
export async function measure(files, open) {
  const results = [];
  for (const file of files) {
    const source = await open(file);
    let count = 0;
    let power = 0;
    for (let part = await source.read(); part; part = await source.read()) {
      count += part.length;
      for (const sample of part) power += sample * sample;
    }
    await source.close();
    results.push({ count, power: power.toFixed(3) });
  }
  return results;
}
