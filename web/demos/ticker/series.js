// The prices of one symbol in the last minute: all of them for the large chart, and thinned for the small one.

export const WINDOW = 60; // seconds
const STEP = 0.5; // seconds between two prices of the thinned series
const MOST = 6000; // prices; 100 a second

export class Series {
  times = []; // seconds since 1970, as uPlot has them
  prices = [];
  thin = []; // one price for every STEP, oldest first

  add(time, price) {
    const isNewStep = !this.thin.length || Math.floor(time / STEP) > Math.floor(this.times.at(-1) / STEP);
    if (isNewStep) this.thin.push(price);
    else this.thin[this.thin.length - 1] = price;
    this.times.push(time);
    this.prices.push(price);
    while (this.times.length > MOST || this.times[0] < time - WINDOW) {
      this.times.shift();
      this.prices.shift();
    }
    if (this.thin.length > WINDOW / STEP) this.thin.shift();
  }

  get last() {
    return this.prices.at(-1);
  }

  get first() {
    return this.prices[0];
  }

  // Over the last minute, in percent.
  get change() {
    return this.first ? ((this.last - this.first) / this.first) * 100 : 0;
  }
}

export const signed = (change) => `${change < 0 ? "▼" : "▲"} ${Math.abs(change).toFixed(2)} %`;
